from flask import Flask

app = Flask(__name__)
print("starting uv")


@app.route("/")
def index():
    return "from uv"
