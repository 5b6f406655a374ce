import redis
from django.db import connection
from django.http import HttpResponse
from django.urls import path


def index(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 40 + 2")
        (number,) = cursor.fetchone()
    visits = redis.Redis().incr("visits")
    return HttpResponse(f"postgres {number}, redis {visits}")


urlpatterns = [path("", index)]
