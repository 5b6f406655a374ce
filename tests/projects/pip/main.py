import sys

import pandas
import weights

frame = pandas.DataFrame({"size": [1024, 4096]})
print(int(frame["size"].sum()), weights.UNIT, sys.version_info[:2])
