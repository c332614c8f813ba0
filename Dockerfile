# Tertulia's roles in one image: `tertulia work`, `collect`, `chat`. Kafka is a container of its own (docker-compose.yml).
# Every Python dependency is pinned by hash in requirements/; nothing else is downloaded.

FROM python:3.13-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/tertulia
ENV PATH=/opt/tertulia/bin:$PATH
WORKDIR /src
# First what changes seldom, so that a change of the code does not install it all anew.
COPY requirements/build.txt requirements/run.txt requirements/
RUN pip install --require-hashes --requirement requirements/build.txt --requirement requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY bots bots
COPY streams streams
COPY classifiers classifiers
COPY config config
RUN pip install --no-deps --no-build-isolation . && pip check

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="Tertulia" \
      org.opencontainers.image.description="Listens to the conversation around a brand." \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --home-dir /data tertulia && install -d -o tertulia -m 700 /data
COPY --from=build /opt/tertulia /opt/tertulia
# A container listens to the others, so `api.token` is needed; what is stored lies in the volume /data.
ENV PATH=/opt/tertulia/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TERTULIA_DATA_DIR=/data \
    TERTULIA_API__HOST=0.0.0.0
USER tertulia
WORKDIR /data
VOLUME /data
EXPOSE 6066
STOPSIGNAL SIGTERM
ENTRYPOINT ["tertulia"]
CMD ["--help"]
