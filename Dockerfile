FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /patter

COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt

COPY . .
# The only place Patter writes to: files, and the database where it is SQLite.
RUN useradd --system --home-dir /patter patter && mkdir -p var/media && chown -R patter var
USER patter
VOLUME /patter/var

EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--no-proxy-headers", "--no-server-header", "--timeout-graceful-shutdown", "10"]
