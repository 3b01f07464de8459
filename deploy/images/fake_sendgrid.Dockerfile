# The fake SendGrid by itself: docker build -f deploy/images/fake_sendgrid.Dockerfile -t fake-sendgrid .
# Needs BuildKit. Where no image registry is in reach, deploy/images/offline.sh makes the Python image first.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ARG UV_VERSION=0.13.8
WORKDIR /app
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never
# The optional secret `ca` stands in for the image's certificates while packages are fetched; no layer keeps it.
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    python -m venv /uv && /uv/bin/pip install --quiet --no-cache-dir uv==${UV_VERSION}
COPY pyproject.toml uv.lock ./
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    /uv/bin/uv sync --frozen --only-group fake --no-install-project
COPY fake_sendgrid fake_sendgrid
# The image may run with a read-only root: what Python would write on first import is written here.
RUN python -m compileall -q fake_sendgrid

FROM ${PYTHON_IMAGE}
# Open to all, because a tmpfs in this place takes the folder's mode but not its owner.
RUN useradd --system --no-create-home --home-dir /data --uid 10001 fake && install -d -o fake -m 1777 /data
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY --from=build /app/fake_sendgrid fake_sendgrid
USER 10001
# Inside a container every address is the outside's; publish the ports where you want them.
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    FAKE_SENDGRID_HOST=0.0.0.0 FAKE_SENDGRID_DATA_DIR=/data
VOLUME /data
EXPOSE 8025 8026
HEALTHCHECK --interval=5s --timeout=3s CMD \
    python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:${FAKE_SENDGRID_MANAGEMENT_PORT:-8026}/healthz')"
ENTRYPOINT ["python", "-m", "fake_sendgrid"]
