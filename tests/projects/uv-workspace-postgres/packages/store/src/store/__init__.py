import psycopg2


def answer() -> int:
    with psycopg2.connect("host=127.0.0.1 user=postgres") as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT 40 + 2")
        return cursor.fetchone()[0]
