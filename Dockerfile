# gatehand with what it runs on: Xvfb, Tesseract, fonts and X client libraries for the Gateway's own JRE.
# The Gateway itself is not in it, and may not be redistributed. Add its installation, with its JRE, as uid 1000:
#
#   FROM gatehand
#   COPY --chown=1000:1000 Jts /home/ibgateway/Jts      # holds ibgateway/VERSION/{jars,.install4j,...}
#
# or mount it there. Keep the settings and the state folder on volumes (TWS_SETTINGS_PATH, GATEHAND_STATE_DIR): the state
# folder is what remembers refused credentials over a restart of the container.

FROM rust:1-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends cmake nasm
WORKDIR /src
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN mkdir -p /usr/share/man/man1 \
    && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        xvfb x11-xkb-utils xkb-data \
        libtesseract5 tesseract-ocr-eng \
        fontconfig-config libfontconfig1 fonts-dejavu-core \
        libxtst6 libxi6 libxrender1 libxext6 \
        openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --create-home ibgateway
COPY --from=build /src/target/release/gatehand /usr/local/bin/gatehand
USER 1000
WORKDIR /home/ibgateway
# Reachable from outside the container; publish the ports only to whom you trust.
ENV GATEHAND_RELAY_ADDRESS=0.0.0.0 \
    GATEHAND_VNC_LISTEN=0.0.0.0:5900 \
    GATEHAND_HTTP_LISTEN=0.0.0.0:6080 \
    OMP_THREAD_LIMIT=1
# API live and paper, viewers, HTTP.
EXPOSE 4003 4004 5900 6080
HEALTHCHECK --start-period=2m CMD ["gatehand", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["gatehand", "run"]
