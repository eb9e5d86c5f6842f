package io.latchkey;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** Starts the gateway. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class LatchkeyApplication {
    public static void main(String[] args) {
        SpringApplication.run(LatchkeyApplication.class, args);
    }
}
