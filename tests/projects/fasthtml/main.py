from fasthtml.common import P, fast_app, serve

# The default is a key in a file beside this one, which nobody but root may write.
app, rt = fast_app(secret_key="only for tests")


@rt("/")
def get():
    return P("from fasthtml")


serve()
