from setuptools import setup

with open("needs.txt") as needs:
    setup(
        name="legacy",
        version="0.4",
        py_modules=["legacy"],
        install_requires=needs.read().splitlines(),
        entry_points={"console_scripts": ["legacy = legacy:main"]},
    )
