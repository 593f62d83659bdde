# docker build -t checkout .
# docker run -v ./checkout.toml:/etc/checkout/checkout.toml:ro -v checkout:/var/lib/checkout checkout checkout migrate
# docker run -p 8001:8001 -v ./checkout.toml:/etc/checkout/checkout.toml:ro -v checkout:/var/lib/checkout checkout

# The base image by its digest: what was looked at is what is built on. This one is python:3.13-slim
# as docker-library/repo-info told it for August 2026 (Python 3.13.14 on trixie, 16 platforms). Take
# a newer one with: docker buildx imagetools inspect python:3.13-slim
ARG PYTHON=python:3.13-slim@sha256:9662417aace5ae7b8e2609cce472b72a8958e134ba372808abe9cc1a0c0125e6

FROM ${PYTHON} AS build
WORKDIR /src
COPY requirements-build.txt requirements-postgresql.txt ./
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.txt \
    && python -m venv /opt/checkout \
    && /opt/checkout/bin/pip install --no-cache-dir --require-hashes -r requirements-postgresql.txt
COPY . .
# Nothing that simulates a gateway goes into production. To try things out in a container:
# docker build --build-arg SANDBOX=1 -t checkout-demo .
ARG SANDBOX=0
RUN if [ "$SANDBOX" = 0 ]; then rm -r checkout/sandbox; fi \
    && /opt/build/bin/hatchling build -t wheel \
    && /opt/checkout/bin/pip install --no-cache-dir --no-index --no-deps dist/*.whl

FROM ${PYTHON}
# Receipts as PDF are set in it; fonts-noto-core and fonts-noto-cjk have more scripts, and weigh more.
RUN apt-get update && apt-get install --yes --no-install-recommends fonts-dejavu-core && rm -r /var/lib/apt/lists/*
RUN useradd --uid 10001 --home-dir /var/lib/checkout --create-home checkout
COPY --from=build /opt/checkout /opt/checkout
ENV PATH=/opt/checkout/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CHECKOUT_CONFIG=/etc/checkout/checkout.toml
USER 10001
WORKDIR /var/lib/checkout
VOLUME /var/lib/checkout
EXPOSE 8001
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8001/health/live', timeout=4)"]
CMD ["checkout", "serve", "--host", "0.0.0.0", "--port", "8001"]
