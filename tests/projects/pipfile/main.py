import sys

import humanize

print(humanize.ordinal(3), sys.version_info[:2])
