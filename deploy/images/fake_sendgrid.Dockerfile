# The fake SendGrid by itself: docker build -f deploy/images/fake_sendgrid.Dockerfile -t fake-sendgrid .
FROM ghcr.io/astral-sh/uv:0.13.8-python3.11-bookworm-slim AS build
WORKDIR /app
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --only-group fake --no-install-project

FROM python:3.11-slim-bookworm
RUN useradd --system --create-home --uid 10001 fake && install -d -o fake /data
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY fake_sendgrid fake_sendgrid
USER fake
# Inside a container every address is the outside's; publish the ports where you want them.
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 FAKE_SENDGRID_HOST=0.0.0.0 FAKE_SENDGRID_DATA_DIR=/data
VOLUME /data
EXPOSE 8025 8026
HEALTHCHECK --interval=5s --timeout=3s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8026/healthz')"]
ENTRYPOINT ["python", "-m", "fake_sendgrid"]
