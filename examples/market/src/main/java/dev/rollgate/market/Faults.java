package dev.rollgate.market;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.actuate.health.AbstractHealthIndicator;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HttpCodeStatusMapper;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.annotation.Bean;
import org.springframework.context.event.EventListener;
import org.springframework.core.io.support.PropertiesLoaderUtils;
import org.springframework.stereotype.Component;
import sun.misc.Signal;

/** Breaks the app on purpose, in the one way that {@code market.fault} names. */
@Component
class Faults extends AbstractHealthIndicator {

    private static final Logger log = LoggerFactory.getLogger(Faults.class);
    private static final long SLOW_START_MS = 20_000;
    private static final long CRASH_AFTER_MS = 5_000;
    private static final int FLOOD_MEGABYTES = 720;

    private final Fault fault;
    private final AtomicInteger healthCalls = new AtomicInteger();

    Faults(@Value("${market.fault}") String name) throws InterruptedException {
        this.fault = Fault.named(name);
        if (fault == null) {
            exit("unknown market.fault '" + name + "', known: " + Fault.names());
        } else if (fault != Fault.NONE) {
            log.warn("market.fault is {}", fault);
            breakStart();
        }
    }

    /** Whether the jar was built with this fault, which is known before Spring starts. */
    static boolean isBuiltIn(String fault) {
        try {
            return fault.equals(PropertiesLoaderUtils.loadAllProperties("application.properties").get("market.fault"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void breakStart() throws InterruptedException {
        switch (fault) {
            case EXIT_AT_START -> exit("market.fault exit-at-start: exiting with code 1");
            case LOG_FLOOD -> flood();
            case SLOW_START -> Thread.sleep(SLOW_START_MS);
            case IGNORE_SIGTERM -> Signal.handle(new Signal("TERM"), s -> log.warn("ignoring SIGTERM"));
            default -> { }
        }
    }

    @EventListener(ApplicationReadyEvent.class)
    void breakAfterReady() {
        if (fault == Fault.CRASH_AFTER_HEALTHY) {
            new Thread(Faults::crash, "crash").start();
        }
    }

    @Override
    protected void doHealthCheck(Health.Builder health) throws InterruptedException {
        switch (fault) {
            case HEALTH_DOWN, BODY_DOWN -> health.down();
            case HEALTH_FLAPS -> health.status(healthCalls.getAndIncrement() % 2 == 0 ? "UP" : "DOWN");
            case HEALTH_HANGS -> Thread.sleep(Long.MAX_VALUE);
            default -> health.up();
        }
    }

    @Bean
    @ConditionalOnProperty(name = "market.fault", havingValue = "body-down")
    static HttpCodeStatusMapper everyStatusIsOk() {
        return status -> 200;
    }

    private static void flood() {
        byte[] megabyte = "market.fault log-flood: one of very many lines, 64 bytes of log\n".repeat(16_384).getBytes();
        PrintStream out = System.out;
        for (int written = 0; written < FLOOD_MEGABYTES; written++) {
            out.write(megabyte, 0, megabyte.length);
        }
        out.flush();
        exit("market.fault log-flood: exiting with code 1");
    }

    private static void exit(String why) {
        log.error(why);
        System.exit(1);
    }

    private static void crash() {
        try {
            Thread.sleep(CRASH_AFTER_MS);
        } catch (InterruptedException e) {
            return;
        }
        log.error("market.fault crash-after-healthy: crashing");
        Runtime.getRuntime().halt(1);
    }

    /** The values of {@code market.fault}, written there in lower case with dashes. */
    private enum Fault {
        NONE,
        HEALTH_DOWN,
        EXIT_AT_START,
        IGNORE_SIGTERM,
        SLOW_START,
        CRASH_AFTER_HEALTHY,
        HEALTH_HANGS,
        HEALTH_FLAPS,
        BODY_DOWN,
        LOG_FLOOD,
        IGNORE_ARGUMENTS;

        static Fault named(String name) {
            return Arrays.stream(values()).filter(f -> f.toString().equals(name)).findFirst().orElse(null);
        }

        static String names() {
            return String.join(", ", Arrays.stream(values()).map(Fault::toString).toList());
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}
