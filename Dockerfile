# The image of the gateway.
#
#   docker build -t latchkey:local .                                      builds the jar from source
#   docker build -t latchkey:local --build-arg JAR=target/latchkey.jar .  takes that one, of ./mvnw package
#
# It runs as nobody in particular, with a read-only root and a /tmp that may not hold programs.

FROM eclipse-temurin:25-jdk AS build
WORKDIR /src
COPY . .
ARG JAR=
RUN [ -n "$JAR" ] || ./mvnw -q -B -ntp package -Dmaven.test.skip
# In layers that change at different times; native libraries and the list of what is inside taken out of their jars.
RUN java -Djarmode=tools -jar "${JAR:-target/latchkey.jar}" extract --layers --destination /layers \
    && mkdir /native && cd /native \
    && for jar in /layers/dependencies/lib/netty-transport-native-epoll-*.jar \
         /layers/dependencies/lib/native-linux-"$(uname -m)"-*.jar; do jar xf "$jar"; done \
    && find . -name '*.so' -exec mv -t . {} + && find . -mindepth 1 -type d -prune -exec rm -r {} + \
    && cd / && jar xf /layers/application/latchkey.jar META-INF/sbom/application.cdx.json

FROM eclipse-temurin:25-jre AS gateway
WORKDIR /opt/latchkey
COPY --from=build /layers/dependencies/ ./
COPY --from=build /layers/snapshot-dependencies/ ./
COPY --from=build /native/ native/
COPY scripts/image/java.options scripts/image/ready ./
COPY --from=build /META-INF/sbom/application.cdx.json sbom.cdx.json
COPY --from=build /layers/application/ ./

# The JVM starts in half the time when it has seen this very application on this very image start before.
FROM gateway AS training
COPY scripts/image/train /usr/local/bin/
RUN train /latchkey.aot

FROM gateway
COPY --from=training /latchkey.aot ./
# Only for the embedded Redis, when no LATCHKEY_REDIS_URL is given.
ENV LATCHKEY_DATA_DIR=/var/lib/latchkey
RUN install -d -o 10001 -g 10001 -m 0700 "$LATCHKEY_DATA_DIR"
USER 10001:10001
EXPOSE 8080 8081
# More flags: JDK_JAVA_OPTIONS. A cache that does not fit is left aside, and the start takes longer.
ENTRYPOINT ["java", "@java.options", "-XX:AOTCache=latchkey.aot", "-jar", "latchkey.jar"]
HEALTHCHECK --interval=30s --timeout=10s --retries=3 --start-period=60s CMD ["/opt/latchkey/ready"]
ARG VERSION=
ARG REVISION=
LABEL org.opencontainers.image.title="Latchkey" \
      org.opencontainers.image.description="An API gateway whose API keys rotate with zero downtime." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/eclipse-temurin:25-jre" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
