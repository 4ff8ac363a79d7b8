package dev.rollgate.market;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Starts the sample app. */
@SpringBootApplication
public class MarketApplication {

    public static void main(String[] args) {
        SpringApplication application = new SpringApplication(MarketApplication.class);
        application.setAddCommandLineProperties(!Faults.isBuiltIn("ignore-arguments"));
        application.run(args);
    }
}
