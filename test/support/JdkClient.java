import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.TreeMap;

/** Sends requests as the JDK's own client does unless told otherwise, until its input ends; prints what became of them. */
class JdkClient {

    public static void main(String[] arguments) throws IOException, InterruptedException {
        HttpClient client = HttpClient.newHttpClient();
        URI url = URI.create(arguments[0]);
        Map<String, Integer> outcomes = new TreeMap<>();
        while (System.in.available() == 0) {
            // The client repeats a GET that was lost by itself.
            boolean isOrder = outcomes.values().stream().mapToInt(Integer::intValue).sum() % 2 == 1;
            HttpRequest request = isOrder
                    ? HttpRequest.newBuilder(url.resolve("/orders")).POST(HttpRequest.BodyPublishers.ofString("{}")).build()
                    : HttpRequest.newBuilder(url.resolve("/hello")).build();
            String outcome;
            try {
                var response = client.send(request, BodyHandlers.discarding());
                outcome = response.version() + " " + response.statusCode();
            } catch (IOException error) {
                outcome = "lost: " + error.getClass().getSimpleName();
            }
            if (outcomes.merge(outcome, 1, Integer::sum) == 1 && outcomes.size() == 1) {
                System.out.println("ready");
            }
            Thread.sleep(10);
        }
        outcomes.forEach((outcome, times) -> System.out.println(outcome + " " + times));
        System.exit(0);
    }
}
