# Two stages: the first has the build tools, the second only what runs.
FROM python:3.13-slim AS build
WORKDIR /source
# With OpenTelemetry: docker build --build-arg REQUIREMENTS=requirements-otel.txt .
ARG REQUIREMENTS=requirements.txt
COPY requirements.txt requirements-otel.txt requirements-build.txt ./
RUN python -m venv /opt/exact-sync \
 && /opt/exact-sync/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes \
      -r ${REQUIREMENTS} \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes \
      -r requirements-build.txt
COPY pyproject.toml README.md LICENSE ./
COPY exact_sync exact_sync
COPY migrations migrations
RUN /opt/build/bin/python -m hatchling build -t wheel -d /wheel \
 && /opt/exact-sync/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps /wheel/*.whl

FROM python:3.13-slim
# The embedded PostgreSQL refuses to run without a name for its user, so this one has one.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin exact-sync \
 && install -d -o 10001 -g 10001 -m 0700 /data \
 && install -d /app
COPY --from=build /opt/exact-sync /opt/exact-sync
ENV PATH=/opt/exact-sync/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    EXACT_SYNC_DATA_DIR=/data
USER 10001:10001
# A config.toml may be mounted here; secrets as files in /run/secrets, or as environment variables.
WORKDIR /app
VOLUME /data
STOPSIGNAL SIGTERM
# Healthy: a daemon is at work on a database whose schema is up to date.
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s --retries=3 \
  CMD ["exact-sync", "health"]
ENTRYPOINT ["exact-sync"]
CMD ["run"]
