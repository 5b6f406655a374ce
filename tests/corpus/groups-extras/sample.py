from importlib.metadata import version

print("sampleproject", version("sampleproject"))
