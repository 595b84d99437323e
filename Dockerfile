# One image for the web service and the workers: the same code, networks and packages, so that
# what is asked and what is indexed cannot differ. Training (torch) has no place in it.
FROM python:3.11-slim AS build

WORKDIR /src

# What builds the wheel, by its hash. Wheels alone: nothing else that comes from the network is run
# during the build.
COPY requirements-build.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --only-binary :all: \
      --require-hashes -r requirements-build.lock

COPY pyproject.toml README.md LICENSE ./
COPY houndstooth ./houndstooth
COPY mappings ./mappings
COPY models ./models
COPY plugin ./plugin
COPY ingest ./ingest
COPY web ./web
RUN pip wheel --no-cache-dir --disable-pip-version-check --no-index --no-deps \
      --no-build-isolation --wheel-dir /wheels .

FROM python:3.11-slim

# Logs appear at once; bytecode is compiled as packages are installed, as the running service may
# not write there.
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1

RUN groupadd --system --gid 10001 houndstooth \
 && useradd --system --uid 10001 --gid houndstooth --home-dir /tmp --no-create-home \
      --shell /usr/sbin/nologin houndstooth \
 && install --directory --owner 10001 --group 10001 /columns /downloads /events /jobs /keys /rules

WORKDIR /app

# Ahead of the wheel: this layer is built anew only when a package changes.
COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --only-binary :all: \
      --require-hashes -r requirements.lock

# Owned by root: the service reads its code and cannot change it.
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --disable-pip-version-check --no-index --no-deps /wheels/*.whl

USER 10001:10001
EXPOSE 8000

# The process answers. Whether the catalogue does too, /readyz tells: a load balancer's question,
# and no reason to start this container again.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]

CMD ["houndstooth", "serve", "--host", "0.0.0.0", "--port", "8000"]
