# gatehand as a container's entrypoint: the image that takes the place of those around IBC.
#
#   docker build --build-arg GATEWAY_VERSION=10.45.1j --build-arg GATEWAY_SHA256=... .    with IBKR's Gateway
#   docker build --target demo .                                                         with the stand-in: no IBKR needed
#   docker build --target runtime .                                                      without either
#   docker build --target portal .                                                       for the Client Portal Gateway, which is mounted
#   docker build --target portal-gateway --build-arg PORTAL_SHA256=... .                 with it, from IBKR's zip
#
# docs/image.md tells what each argument means and what the image holds. Every package manager is told exact versions
# (Cargo.lock, package-lock.json, GATEWAY_SHA256); pin the bases by their digests to have the same image again.

# Where the gatehand binary comes from: `source` compiles it here, `context` takes target/image/.
ARG BINARY=source
ARG DEBIAN=debian:bookworm-slim
ARG RUST=rust:1-bookworm
ARG NODE=node:20-bookworm-slim

# --- The binary ------------------------------------------------------------------------------------------------------

FROM ${RUST} AS binary-source
RUN apt-get update && apt-get install -y --no-install-recommends cmake nasm
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY protocol protocol
COPY benches benches
# The caches outlive the stage: after a change only gatehand itself is compiled again.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked && mkdir /out && cp target/release/gatehand /out/ \
    && cargo tree --locked --edges normal --prefix none --format '{p} {l}' | sort -u >/out/crates

FROM scratch AS binary-context
COPY target/image/gatehand target/image/crates /out/

FROM binary-${BINARY} AS binary

# --- Packages that are not needed, empty -----------------------------------------------------------------------------

FROM ${DEBIAN} AS packages
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
COPY image/packages /packages
RUN /packages/build.sh /out

# --- noVNC, for the viewer page --------------------------------------------------------------------------------------

FROM ${NODE} AS novnc
WORKDIR /novnc
COPY image/novnc/package.json image/novnc/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

# --- What everything runs on -----------------------------------------------------------------------------------------

FROM ${DEBIAN} AS system
ARG UID=1000
ARG GID=1000
COPY --from=packages /out /packages
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        /packages/libglx-mesa0.deb /packages/libarchive13.deb /packages/libcurl4.deb \
        xvfb x11-xkb-utils xkb-data \
        libtesseract5 tesseract-ocr-eng \
        fontconfig-config libfontconfig1 fonts-dejavu-core \
        libxtst6 libxi6 libxrender1 libxext6 \
        openssh-client \
    && rm -rf /packages
# Any other user than this one works as well, if it is of group 0: what may be written to belongs to that group.
# /root/Jts is where images that ran as root had the settings: a volume mounted there lands in the home folder.
RUN groupadd --gid ${GID} ibgateway \
    && useradd --uid ${UID} --gid ${GID} --groups 0 --home-dir /home/ibgateway --create-home --shell /bin/sh ibgateway \
    && mkdir -p /home/ibgateway/Jts /home/ibgateway/tws_settings /var/lib/gatehand /opt/Jts \
    && chown -R ${UID}:0 /home/ibgateway /var/lib/gatehand \
    && chmod -R g=u /home/ibgateway /var/lib/gatehand \
    && ln -s /home/ibgateway/Jts /root/Jts \
    && chmod 711 /root

# What installs packages and mends disks goes, with the libraries that nothing else has; and no program may give its user
# more rights than the user has.
FROM system AS lean
RUN --mount=type=bind,source=image/lean.sh,target=/lean.sh \
    /lean.sh libseccomp2 libgnutls30 libhogweed6 libnettle8 libidn2-0 libp11-kit0 libtasn1-6 libunistring2

# One layer: in several, what is removed or changed would still be carried along.
FROM scratch AS runtime
COPY --from=lean / /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ARG UID=1000
ARG GID=1000
COPY --from=novnc /novnc/node_modules/@novnc/novnc /usr/share/novnc
COPY --from=binary /out/gatehand /usr/local/bin/gatehand
COPY --from=binary /out/crates /usr/share/doc/gatehand/crates
COPY LICENSE* /usr/share/doc/gatehand/
# Published ports reach the program at the container's own address only: publish them to whom you trust.
ENV HOME=/home/ibgateway \
    XDG_STATE_HOME=/var/lib \
    XDG_CACHE_HOME=/tmp/.cache \
    GATEHAND_RELAY_ADDRESS=0.0.0.0 \
    GATEHAND_VNC_LISTEN=0.0.0.0:5900 \
    GATEHAND_HTTP_LISTEN=0.0.0.0:6080 \
    OMP_THREAD_LIMIT=1
WORKDIR /home/ibgateway
USER ${UID}:${GID}
# Attempts, refusals and the lock after them: without it a container that is made anew would try a refused password again.
VOLUME /var/lib/gatehand
# API live and paper (TWS: 7498, 7499), viewers live and paper, HTTP.
EXPOSE 4003 4004 7498 7499 5900 5901 6080
HEALTHCHECK --interval=30s --timeout=5s --start-period=3m --retries=2 CMD ["gatehand", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["gatehand", "run"]
LABEL org.opencontainers.image.title="gatehand" \
      org.opencontainers.image.description="Runs Interactive Brokers' gateways without a person in front of them" \
      org.opencontainers.image.base.name="debian:bookworm-slim"

# --- The Client Portal Gateway, with a browser for its login ----------------------------------------------------------

FROM ${DEBIAN} AS jdk
RUN mkdir -p /usr/share/man/man1 && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends openjdk-17-jdk

# What jdeps finds in the gateway and its libraries, and what TLS needs beside that. Its parser of settings takes the beans of
# java.desktop; what draws and sounds there is left out.
FROM jdk AS jre
RUN jlink --output /jre --strip-java-debug-attributes --compress=2 --no-man-pages --no-header-files --add-modules \
        java.base,java.compiler,java.desktop,java.logging,java.management,java.naming,java.sql,java.xml,jdk.crypto.ec,jdk.unsupported \
    && cd /jre/lib && rm -f libawt*.so libfontmanager.so libjavajpeg.so libjawt.so libjsound.so liblcms.so libmlib_image.so \
        libsplashscreen.so psfont*

FROM system AS portal-system
RUN --mount=type=bind,from=packages,source=/out,target=/packages \
    apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        /packages/libegl1.deb /packages/libflite1.deb /packages/iso-codes.deb /packages/adwaita-icon-theme.deb \
        /packages/gstreamer1.0-plugins-base.deb /packages/gstreamer1.0-plugins-good.deb \
        /packages/dconf-gsettings-backend.deb /packages/hunspell-en-us.deb \
        /packages/bubblewrap.deb /packages/xdg-dbus-proxy.deb \
        surf ca-certificates
ARG UID=1000
RUN mkdir -p /srv/clientportal.gw /srv/inputs /srv/outputs && chown ${UID}:0 /srv/outputs && chmod g=u /srv/outputs

FROM portal-system AS portal-lean
RUN --mount=type=bind,source=image/lean.sh,target=/lean.sh /lean.sh openssl

FROM scratch AS portal
COPY --from=portal-lean / /
COPY --from=jre /jre /opt/java
COPY --from=novnc /novnc/node_modules/@novnc/novnc /usr/share/novnc
ARG UID=1000
ARG GID=1000
COPY --from=binary /out/gatehand /usr/local/bin/gatehand
COPY --from=binary /out/crates /usr/share/doc/gatehand/crates
COPY LICENSE* /usr/share/doc/gatehand/
# The names of IBeam's are set where users of its image set them otherwise.
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/home/ibgateway \
    XDG_STATE_HOME=/var/lib \
    XDG_CACHE_HOME=/tmp/.cache \
    JAVA_HOME=/opt/java \
    IBEAM_GATEWAY_DIR=/srv/clientportal.gw \
    IBEAM_INPUTS_DIR=/srv/inputs \
    IBEAM_OUTPUTS_DIR=/srv/outputs \
    IBEAM_HEALTH_SERVER_PORT=5001 \
    GATEHAND_VNC_LISTEN=0.0.0.0:5900 \
    GATEHAND_HTTP_LISTEN=0.0.0.0:6080 \
    OMP_THREAD_LIMIT=1
WORKDIR /home/ibgateway
USER ${UID}:${GID}
# What IBKR refused, and pictures of logins that failed.
VOLUME ["/var/lib/gatehand", "/srv/outputs"]
# The gateway, IBeam's health checks, viewers, HTTP.
EXPOSE 5000 5001 5900 6080
HEALTHCHECK --interval=30s --timeout=5s --start-period=3m --retries=2 CMD ["gatehand", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["gatehand", "portal", "run"]
LABEL org.opencontainers.image.title="gatehand portal" \
      org.opencontainers.image.description="Keeps Interactive Brokers' Client Portal Gateway logged in without a person in front of it" \
      org.opencontainers.image.base.name="debian:bookworm-slim"

FROM ${DEBIAN} AS portal-installed
RUN apt-get update && apt-get install -y --no-install-recommends wget ca-certificates unzip
COPY image/portal /installer
ARG PORTAL_SHA256
ARG PORTAL_URL
RUN /installer/install.sh /installer /out

FROM portal AS portal-gateway
COPY --from=portal-installed /out/ /

# --- The stand-in gateway, by an installer like IBKR's ---------------------------------------------------------------

FROM jdk AS demo-installer
RUN jlink --add-modules java.se,jdk.management,jdk.unsupported --strip-java-debug-attributes --no-man-pages --no-header-files --output /jre
COPY fixtures/gateway /gateway
RUN /gateway/install.sh /standin 1037 \
    && /gateway/installer.sh /standin-installer.sh /standin/ibgateway/1037 /jre

FROM ${DEBIAN} AS demo-installed
COPY image/installer/install.sh /installer/
COPY --from=demo-installer /standin-installer.sh /installer/
ARG DEMO_SHA256=
RUN sum=$(sha256sum /installer/standin-installer.sh | cut -d ' ' -f 1) \
    && GATEWAY_VERSION=1037 GATEWAY_SHA256=${DEMO_SHA256:-$sum} /installer/install.sh /installer /out

# Debian's JRE, which the stand-in has, leaves to packages what IBKR's brings along.
FROM system AS demo-libraries
RUN apt-get clean && apt-get update \
    && apt-get install -y --no-install-recommends --download-only libasound2 libharfbuzz0b libjpeg62-turbo liblcms2-2 \
    && for package in /var/cache/apt/archives/*.deb; do dpkg --extract "$package" /out; done

FROM runtime AS demo
COPY --from=demo-libraries /out/usr/ /usr/
COPY --from=demo-installed /out/ /

# --- IBKR's Gateway --------------------------------------------------------------------------------------------------

FROM ${DEBIAN} AS gateway-installed
RUN apt-get update && apt-get install -y --no-install-recommends wget ca-certificates
COPY image/installer /installer
ARG TARGETARCH=amd64
ARG GATEWAY_PROGRAM=ibgateway
ARG GATEWAY_CHANNEL=stable
ARG GATEWAY_VERSION
ARG GATEWAY_SHA256
ARG GATEWAY_URL
RUN /installer/install.sh /installer /out

FROM runtime AS gateway
COPY --from=gateway-installed /out/ /
