package io.latchkey.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.joran.spi.JoranException;
import io.latchkey.Gateway;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import tools.jackson.databind.JsonNode;

@ExtendWith(OutputCaptureExtension.class)
class LogFormatTest {
    private static LoggerContext empty() {
        LoggerContext context = new LoggerContext();
        context.setMDCAdapter(new LogbackMDCAdapter());
        context.start();
        return context;
    }

    private static LoggerContext context(String format) throws JoranException {
        LoggerContext context = empty();
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(
                Objects.requireNonNull(LogFormatTest.class.getResource("/logback-" + format + ".xml")));
        return context;
    }

    @Test
    void hostileTextCannotBeginALineNorColourIt(CapturedOutput output) throws JoranException {
        LoggerContext context = context("text");
        context.getLogger("some.Logger").info("message\r\n12:00:00.000 INFO  forged \u001b[31m\u202e");
        context.getLogger("some.Logger")
                .error("failed", new IllegalStateException("cause\r\n12:00:00.000 INFO  forged \u001b[31m"));
        context.getLogger("access")
                .info("{}", record(LogText.of("/a\r\n12:00 forged", 99), LogText.of("agent\u001b[31m\u202e", 99)));
        context.stop();
        String text = output.getOut();
        assertThat(text.lines().filter(line -> line.startsWith("12:00:00"))).isEmpty();
        assertThat(text).doesNotContain("\u001b", "\u202e").contains("message??12:00:00.000 INFO  forged");
        assertThat(text.lines().filter(line -> line.contains(" access ")))
                .singleElement()
                .asString()
                .contains("GET /a\\u000d\\u000a12:00 forged -> 200", "in=1 out=2", "agent\\u001b[31m\\u202e");
        assertThat(text).contains("\tat io.latchkey.observability.LogFormatTest");
    }

    @Test
    void hostileTextStaysInsideItsFieldOfTheAccessLine(CapturedOutput output) throws JoranException {
        LoggerContext context = context("json");
        StringBuilder hostile = new StringBuilder("\\\"\u2028\ud83d\ude00");
        for (char c = 0; c < 0x3000; c++) {
            hostile.append(c);
        }
        context.getLogger("access").info("{}", record(hostile.append('\ud800').toString(), null));
        context.stop();
        // What earlier tests started may still say something.
        List<String> lines = output.getOut()
                .lines()
                .filter(line -> !line.contains("\"thread\":"))
                .toList();
        assertThat(lines).hasSize(1);
        JsonNode json = Gateway.JSON.readTree(lines.getFirst());
        assertThat(json.get("path").asString()).isEqualTo(hostile.toString());
        assertThat(json.get("durationMs").asDouble()).isEqualTo(3.0);
        assertThat(Instant.parse(json.get("time").asString())).isAfter(Instant.EPOCH);
        assertThat(json.propertyNames())
                .containsExactly(
                        "time",
                        "level",
                        "service",
                        "logger",
                        "correlationId",
                        "traceId",
                        "method",
                        "path",
                        "status",
                        "requestBytes",
                        "responseBytes",
                        "durationMs",
                        "client");
    }

    @Test
    void unknownFormatStopsTheStartWithItsName() {
        assertThatThrownBy(() -> new TestFront("--LOG_FORMAT=yaml").close())
                .hasStackTraceContaining("LOG_FORMAT")
                .hasStackTraceContaining("yaml");
    }

    @Test
    void stalledOutputDropsAndCountsButNeverBlocks() {
        LoggerContext context = empty();
        CountDownLatch disk = new CountDownLatch(1);
        QueueAppender appender = new QueueAppender();
        appender.setContext(context);
        appender.setQueueSize(10);
        AppenderBase<ILoggingEvent> stalled = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                try {
                    disk.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        };
        stalled.setContext(context);
        stalled.start();
        appender.addAppender(stalled);
        appender.start();
        Logger logger = context.getLogger("stalled");
        logger.addAppender(appender);
        long before = QueueAppender.dropped();
        for (int i = 0; i < 100; i++) {
            logger.info("line");
        }
        await().untilAsserted(() -> assertThat(QueueAppender.dropped() - before).isBetween(89L, 90L));
        disk.countDown();
        context.stop();
    }

    @Test
    void waitingLinesAreWrittenBeforeTheEnd(CapturedOutput output) throws JoranException {
        LoggerContext context = context("json");
        for (int i = 0; i < 1000; i++) {
            context.getLogger("x").info("line {}", i);
        }
        context.stop();
        List<String> lines = output.getOut()
                .lines()
                .filter(line -> line.contains("\"logger\":\"x\""))
                .toList();
        assertThat(lines).hasSize(1000);
        assertThat(lines.getLast()).contains("line 999");
    }

    private static AccessRecord record(@Nullable String path, @Nullable String agent) {
        return new AccessRecord(
                "c",
                "t",
                null,
                null,
                "GET",
                null,
                path,
                200,
                1,
                2,
                3_000_000,
                -1,
                null,
                null,
                false,
                "192.0.2.1",
                agent);
    }
}
