"""A build backend that fetches what it compiles, as those of Rust do."""

import urllib.request


def build_wheel(folder, settings=None, metadata=None):
    print("fetching crates")
    urllib.request.urlopen("https://index.crates.io/config.json", timeout=20)
    raise SystemExit("this test has no network")
