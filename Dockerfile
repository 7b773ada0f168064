# The server as one image: the browser UI, then the binary with the UI inside, then no more than it needs to run.
FROM node:22-bookworm-slim AS ui
WORKDIR /build/web/ui
COPY web/ui/package.json web/ui/package-lock.json ./
COPY web/ui/protocol/package.json protocol/
COPY web/ui/kit/package.json kit/
COPY web/ui/console/package.json console/
COPY web/ui/widget/package.json widget/
COPY web/ui/e2e/package.json e2e/
COPY web/ui/dashboards/package.json dashboards/
RUN npm ci --no-audit --no-fund
COPY web/ui ./
RUN npm run build

FROM rust:1.95-bookworm AS server
WORKDIR /build
COPY Cargo.toml Cargo.lock rustfmt.toml clippy.toml ./
COPY .cargo .cargo
COPY engine engine
COPY web web
COPY tests tests
COPY benches benches
COPY loadtest loadtest
COPY --from=ui /build/web/ui/dist web/ui/dist
RUN SWITCHBOARD_SKIP_UI=1 cargo build --release --locked -p switchboard-web

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home switchboard \
    && install -d -o switchboard -g switchboard -m 0750 /data
COPY --from=server /build/target/release/switchboard /usr/local/bin/switchboard
ENV SWITCHBOARD_LISTEN=0.0.0.0:8080 \
    SWITCHBOARD_ADMIN_LISTEN=0.0.0.0:9090 \
    SWITCHBOARD_DATA_DIR=/data \
    SWITCHBOARD_LOG_FORMAT=json
USER 10001:10001
VOLUME /data
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
# Ready, not just alive: a store that cannot be written, or a server that drains, takes no new visitors.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9090 && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["switchboard"]
CMD ["serve"]
