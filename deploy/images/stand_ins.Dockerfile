# Stand-ins, made of Debian packages, for the official images that docker-compose.yml names: same names, same users,
# same paths. deploy/images/offline.sh builds them where no image registry is in reach; nobody else needs them.
ARG DEBIAN_IMAGE=debian:trixie-slim

FROM ${DEBIAN_IMAGE} AS base
ENV DEBIAN_FRONTEND=noninteractive

FROM base AS postgres
ARG POSTGRES_VERSION=17
RUN groupadd --system --gid 999 postgres && \
    useradd --system --uid 999 --gid postgres --home-dir /var/lib/postgresql --shell /bin/bash postgres && \
    install -d /etc/postgresql-common && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf && \
    apt-get -qq update && apt-get -qq install -y --no-install-recommends postgresql-${POSTGRES_VERSION} >/dev/null && \
    rm -rf /var/lib/apt/lists/* && mkdir /docker-entrypoint-initdb.d && \
    install -d -o postgres -g postgres -m 1777 /var/lib/postgresql/data /var/run/postgresql
COPY --chmod=755 deploy/images/postgres_entrypoint.sh /usr/local/bin/docker-entrypoint.sh
ENV PATH=/usr/lib/postgresql/${POSTGRES_VERSION}/bin:$PATH PGDATA=/var/lib/postgresql/data LANG=C.UTF-8
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]

FROM base AS redis
RUN groupadd --system --gid 999 redis && useradd --system --uid 999 --gid redis --no-create-home redis && \
    apt-get -qq update && apt-get -qq install -y --no-install-recommends redis-server >/dev/null && \
    rm -rf /var/lib/apt/lists/* && install -d -o redis -g redis /data
VOLUME /data
WORKDIR /data
CMD ["redis-server"]

FROM base AS valkey
RUN groupadd --system --gid 999 valkey && useradd --system --uid 999 --gid valkey --no-create-home valkey && \
    apt-get -qq update && apt-get -qq install -y --no-install-recommends valkey-server >/dev/null && \
    rm -rf /var/lib/apt/lists/* && install -d -o valkey -g valkey /data
VOLUME /data
WORKDIR /data
CMD ["valkey-server"]

FROM base AS nginx
RUN groupadd --system --gid 101 nginx && useradd --system --uid 101 --gid nginx --no-create-home nginx && \
    apt-get -qq update && apt-get -qq install -y --no-install-recommends nginx-light curl >/dev/null && \
    rm -rf /var/lib/apt/lists/*
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]

FROM base AS prometheus
RUN apt-get -qq update && apt-get -qq install -y --no-install-recommends prometheus >/dev/null && \
    rm -rf /var/lib/apt/lists/* && install -d -o nobody -g nogroup /prometheus
USER nobody
VOLUME /prometheus
WORKDIR /prometheus
ENTRYPOINT ["/usr/bin/prometheus"]

FROM base AS alertmanager
RUN apt-get -qq update && apt-get -qq install -y --no-install-recommends prometheus-alertmanager wget >/dev/null && \
    rm -rf /var/lib/apt/lists/* && install -d -o nobody -g nogroup /alertmanager
USER nobody
VOLUME /alertmanager
WORKDIR /alertmanager
ENTRYPOINT ["/usr/bin/prometheus-alertmanager"]
