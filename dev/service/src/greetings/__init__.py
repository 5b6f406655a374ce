import pandas
import sqlalchemy
from fastapi import FastAPI

app = FastAPI()
engine = sqlalchemy.create_engine("sqlite://")


@app.get("/")
def greeting():
    with engine.connect() as connection:
        frame = pandas.read_sql("select 'Hello' as greeting", connection)
    return frame.iloc[0].to_dict()
