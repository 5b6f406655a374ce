import sys

import idna

print("pipenv", idna.encode("ä").decode(), *sys.version_info[:2])
