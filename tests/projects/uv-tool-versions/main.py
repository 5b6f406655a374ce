import sys

import humanize

print(humanize.ordinal(1), "with Python %d.%d" % sys.version_info[:2])
