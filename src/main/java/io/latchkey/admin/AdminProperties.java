package io.latchkey.admin;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The admin API.
 *
 * @param adminToken the first operator's token (environment: ADMIN_TOKEN); 16 to 256 printable characters; default made
 *     and printed once on the embedded store, else the start is refused; a new value supersedes the old one, which works
 *     for 24 h more; whoever has it may do everything
 */
@ConfigurationProperties("latchkey")
record AdminProperties(@DefaultValue("") String adminToken) {}
