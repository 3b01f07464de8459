# The product's image: docker build -t steadypost .          (targets: production, trainer, demo)
# Needs BuildKit. Where no image registry is in reach, deploy/images/offline.sh makes the Python image first.
# For a build that can be repeated, pin the base: --build-arg PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:…
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS libraries
ARG UV_VERSION=0.13.8
# cpu, or gpu for ONNX Runtime with CUDA (docker-compose.gpu.yml).
ARG EXTRA=cpu
# 1 for OpenTelemetry's library, which STEADYPOST_OTLP_ENDPOINT needs (docker-compose.watched.yml).
ARG TRACING=
WORKDIR /app
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never
# The optional secret `ca` stands in for the image's certificates while packages are fetched; no layer keeps it.
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    python -m venv /uv && /uv/bin/pip install --quiet --no-cache-dir uv==${UV_VERSION}
COPY pyproject.toml uv.lock ./
# Scoring needs neither SciPy nor ONNX, which train and write the model; the optimizers of ONNX Runtime serve nobody here.
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    /uv/bin/uv sync --frozen --no-default-groups --no-install-project --extra ${EXTRA} --extra flower \
    ${TRACING:+--extra tracing} \
    --no-install-package scipy --no-install-package onnx && \
    find .venv -type d \( -name tests -o -path '*/onnxruntime/transformers' -o -path '*/onnxruntime/quantization' \
    -o -path '*/onnxruntime/tools' \) -prune -exec rm -rf {} +
# What the image is made of, in CycloneDX's form.
RUN /uv/bin/uv export --frozen --quiet --no-default-groups --no-emit-project --extra ${EXTRA} --extra flower \
    ${TRACING:+--extra tracing} --no-emit-package scipy --no-emit-package onnx \
    --format cyclonedx1.5 --preview-features sbom-export --output-file sbom.json >/dev/null

FROM libraries AS trainer-libraries
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    /uv/bin/uv sync --frozen --no-default-groups --no-install-project --inexact --extra ${EXTRA} && \
    find .venv -type d -name tests -prune -exec rm -rf {} +

FROM libraries AS build
COPY system system
COPY --chmod=755 deploy/images/steadypost.py .venv/bin/steadypost
COPY deploy/images/with_secrets.py deploy/images/health.py ./
# The image runs with a read-only root: what Python would write when a program first starts is written here.
RUN --mount=type=bind,source=deploy/images/compile.py,target=/compile.py \
    PYTHONPATH=/app .venv/bin/python /compile.py

FROM ${PYTHON_IMAGE} AS production
RUN useradd --system --no-create-home --home-dir /tmp --uid 10001 steadypost && \
    install -d -o steadypost /data /app /app/models
WORKDIR /app
COPY --from=build /app /app
USER 10001
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app
ENTRYPOINT ["python", "/app/with_secrets.py"]
CMD ["steadypost", "doctor"]

# Trains the model; the only image with SciPy.
FROM production AS trainer
COPY --from=trainer-libraries /app/.venv/lib /app/.venv/lib
CMD ["steadypost", "model", "train", "--activate"]

# The product and invented people to send to; never in production.
FROM trainer AS demo
COPY slo_reports slo_reports
COPY loadtests loadtests
COPY deploy/images/demo.py ./
CMD ["python", "/app/demo.py"]
