package dev.rollgate.market;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.UUID;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.info.BuildProperties;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Answers requests, and says in each answer which version on which host gave it. */
@RestController
class MarketController {

    private static final long ORDER_MS = 50;
    private static final long MAX_SLOW_MS = 30_000;

    private final String version;
    private final String host;

    MarketController(ObjectProvider<BuildProperties> build) {
        this.version = build.stream().map(BuildProperties::getVersion).findFirst().orElse("unknown");
        this.host = hostName();
    }

    @GetMapping("/hello")
    Hello hello() {
        return new Hello("hello", version, host);
    }

    @PostMapping("/orders")
    @ResponseStatus(HttpStatus.CREATED)
    Order order(InputStream body) throws IOException, InterruptedException {
        body.transferTo(OutputStream.nullOutputStream());
        Thread.sleep(ORDER_MS);
        return new Order(UUID.randomUUID().toString(), version, host);
    }

    @GetMapping("/slow")
    Slow slow(@RequestParam(defaultValue = "500") long ms) throws InterruptedException {
        long bounded = Math.max(0, Math.min(ms, MAX_SLOW_MS));
        Thread.sleep(bounded);
        return new Slow(bounded, version, host);
    }

    private static String hostName() {
        String given = System.getenv("ROLLGATE_HOST");
        if (given != null && !given.isBlank()) {
            return given;
        }
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }

    record Hello(String message, String version, String host) {}

    record Order(String id, String version, String host) {}

    record Slow(long ms, String version, String host) {}
}
