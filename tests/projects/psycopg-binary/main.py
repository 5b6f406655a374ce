import psycopg

with psycopg.connect("host=127.0.0.1 user=postgres") as connection:
    (number,) = connection.execute("SELECT 40 + 2").fetchone()
print("postgres", number, psycopg.pq.__impl__)
