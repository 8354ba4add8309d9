# Builds Fjord and leaves only its two programs in the image.
#
#   docker build -t fjord .
#   docker run --rm fjord demo

# The image is the pin of the compiler here: `rust-toolchain.toml` would make it fetch a second one.
FROM rust:1.95.0-bookworm AS build
WORKDIR /fjord
COPY . .
# The caches outlive the build, so that a change of ours does not compile every dependency again.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/fjord/target \
    cargo build --locked --profile dist -p cli -p fjord-hook \
    && install -D target/dist/fjord /out/fjord \
    && install -D target/dist/fjord-hook /out/fjord-hook

FROM debian:bookworm-slim
# ssh reaches the servers, git and curl are what deploy commands use most.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl git openssh-client tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /home/fjord fjord \
    && install -d -o fjord -g fjord -m 0700 /var/lib/fjord
COPY --from=build /out/fjord /out/fjord-hook /usr/local/bin/
USER fjord
# Config, data and socket are below this folder; mount a volume here.
ENV FJORD_HOME=/var/lib/fjord
VOLUME /var/lib/fjord
HEALTHCHECK --interval=30s --timeout=10s --start-period=15s --retries=3 \
    CMD ["fjord", "doctor", "--quick"]
# tini reaps what a deploy command leaves behind and passes signals on.
ENTRYPOINT ["tini", "--", "fjord"]
CMD ["up"]
