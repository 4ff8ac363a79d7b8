package dev.rollgate.market;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpUpgradeHandler;
import jakarta.servlet.http.WebConnection;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Answers that stay open: an event stream, and a websocket that gets a message every half second. */
@RestController
class StreamController {

    private static final long BETWEEN_MS = 500;
    private static final int MAX_SECONDS = 600;

    @GetMapping("/events")
    void events(@RequestParam(defaultValue = "60") int seconds, HttpServletResponse response)
            throws IOException, InterruptedException {
        response.setContentType("text/event-stream");
        OutputStream out = response.getOutputStream();
        for (long sent = 0; sent * BETWEEN_MS < 1000L * Math.min(seconds, MAX_SECONDS); sent++) {
            out.write(("data: " + sent + "\n\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
            Thread.sleep(BETWEEN_MS);
        }
    }

    @GetMapping("/socket")
    void socket(HttpServletRequest request, HttpServletResponse response) throws Exception {
        response.setStatus(HttpServletResponse.SC_SWITCHING_PROTOCOLS);
        response.setHeader("Connection", "Upgrade");
        response.setHeader("Upgrade", "websocket");
        response.setHeader("Sec-WebSocket-Accept", accept(request.getHeader("Sec-WebSocket-Key")));
        request.upgrade(Ticker.class);
    }

    /** RFC 6455, section 4.2.2. */
    private static String accept(String key) throws NoSuchAlgorithmException {
        String text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
        byte[] hash = MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.US_ASCII));
        return Base64.getEncoder().encodeToString(hash);
    }

    /** Sends a text frame with "tick" until the client is gone. */
    public static class Ticker implements HttpUpgradeHandler {

        private static final byte[] TICK = {(byte) 0x81, 4, 't', 'i', 'c', 'k'};

        private volatile boolean closed;

        @Override
        public void init(WebConnection connection) {
            Thread thread = new Thread(() -> tick(connection), "ticker");
            thread.setDaemon(true);
            thread.start();
        }

        @Override
        public void destroy() {
            closed = true;
        }

        private void tick(WebConnection connection) {
            try (connection) {
                OutputStream out = connection.getOutputStream();
                while (!closed) {
                    out.write(TICK);
                    out.flush();
                    Thread.sleep(BETWEEN_MS);
                }
            } catch (Exception e) {
                // The client or the application is gone.
            }
        }
    }
}
