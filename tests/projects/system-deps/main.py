import io

import cairo
import magic
import pdf2image
import psycopg2

paper = io.BytesIO()
surface = cairo.PDFSurface(paper, 72, 144)
surface.show_page()
surface.finish()
(page,) = pdf2image.convert_from_bytes(paper.getvalue(), dpi=72)
kind = magic.from_buffer(paper.getvalue(), mime=True)
print(page.size, kind, psycopg2.__libpq_version__ > 0)
