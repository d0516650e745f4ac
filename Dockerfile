# esctl as a container: `docker run --rm -v "$PWD:/project" esctl plan`
FROM python:3.12-slim

WORKDIR /build
COPY pyproject.toml constraints.txt README.md esctl.yaml ./
COPY tooling tooling
COPY mappings mappings
COPY kibana kibana
COPY templates templates
COPY scripts scripts
RUN pip install --no-cache-dir --constraint constraints.txt . && rm -rf /build

# Whoever runs it: caches go where every user may write.
ENV HOME=/tmp
RUN useradd --uid 1000 --no-create-home esctl
USER esctl

WORKDIR /project
ENTRYPOINT ["esctl"]
CMD ["--help"]
