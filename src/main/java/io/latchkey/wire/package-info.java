/**
 * What an upstream says is understood in one way only, or it is no answer.
 *
 * <p>{@link io.latchkey.wire.Wire} keeps pools of HTTP/1.1 connections and lends them out. A
 * {@link io.latchkey.wire.Connection} sends one request and reads one answer at a time, each as a stream; its deadline
 * ends it wherever it is blocked. Nothing is retried, followed, decoded or kept here.
 *
 * <p>Redis gone: nothing changes here.
 *
 * <p>Imports nothing of ours.
 */
@ApplicationModule(allowedDependencies = {})
@NullMarked
package io.latchkey.wire;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
