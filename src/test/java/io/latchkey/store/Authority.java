package io.latchkey.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Somebody who certifies who is who: as openssl writes them, {@code NAME.pem} and {@code NAME.key} in a directory. */
final class Authority {
    private static final String NEW_KEY =
            "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=%1$s -keyout %1$s.key ";

    private final String name;
    private final Path directory;

    private Authority(String name, Path directory) {
        this.name = name;
        this.directory = directory;
    }

    static Authority named(String name, Path directory) throws IOException, InterruptedException {
        Authority authority = new Authority(name, directory);
        authority.openssl(("req -x509 -days 2 " + NEW_KEY + "-out %1$s.pem").formatted(name));
        return authority;
    }

    /** {@code extension} is a line of openssl's configuration. */
    void certify(String subject, String extension) throws IOException, InterruptedException {
        Files.writeString(directory.resolve(subject + ".ext"), extension);
        openssl(("req " + NEW_KEY + "-out %1$s.csr").formatted(subject));
        openssl(
                "x509 -req -days 2 -in %1$s.csr -CA %2$s.pem -CAkey %2$s.key -CAcreateserial -extfile %1$s.ext -out %1$s.pem"
                        .formatted(subject, name));
    }

    private void openssl(String arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments.split(" ", -1)));
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
    }
}
