package io.latchkey.admin;

import io.latchkey.keys.DemoKeyMade;
import io.latchkey.store.DataDirectory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** Tells a newcomer on the embedded store what to type next: the one print that shows secrets, and never a log line. */
@Component
class Welcome {
    private static final Logger log = LoggerFactory.getLogger(Welcome.class);

    private final Bootstrap bootstrap;
    private final DataDirectory data;
    private volatile @Nullable String demoToken;
    private volatile int port;

    Welcome(Bootstrap bootstrap, DataDirectory data) {
        this.bootstrap = bootstrap;
        this.data = data;
    }

    @EventListener
    void made(DemoKeyMade demo) {
        demoToken = demo.token();
    }

    @EventListener
    void listening(WebServerInitializedEvent server) {
        if (server.getApplicationContext().getServerNamespace() == null) {
            port = server.getWebServer().getPort();
        }
    }

    @EventListener(ApplicationReadyEvent.class)
    void greet() {
        if (!data.isEmbedded()) {
            return;
        }
        String base = "http://127.0.0.1:" + port;
        String demo = demoToken;
        demoToken = null;
        if (!bootstrap.isMade() && demo == null) {
            log.info(
                    "Latchkey serves on {}; make a key with: curl -H \"Authorization: Bearer $(cat {}/admin-token)\" -H"
                            + " 'Content-Type: application/json' -d '{\"name\":\"demo\"}' {}/admin/keys",
                    base,
                    data.location(),
                    base);
            return;
        }
        StringBuilder text = new StringBuilder("\nLatchkey serves on " + base + "\n");
        if (bootstrap.isMade()) {
            text.append("\n  admin token   ").append(bootstrap.token()).append("   (kept in ");
            text.append(data.location()).append("/admin-token)\n");
        }
        if (demo != null) {
            text.append("  demo key      ").append(demo).append("   (shown once)\n");
            text.append("\n  try           curl -H 'X-API-Key: ").append(demo).append("' ");
            text.append(base).append("/api/demo/hello\n");
        }
        System.out.println(text);
    }
}
