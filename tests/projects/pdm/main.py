import numpy
import strawberry


@strawberry.type
class Query:
    @strawberry.field
    def total(self) -> int:
        return int(numpy.arange(5).sum())


print(strawberry.Schema(Query).execute_sync("{ total }").data)
