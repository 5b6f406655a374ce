import sys

print("from Python %d.%d" % sys.version_info[:2])
