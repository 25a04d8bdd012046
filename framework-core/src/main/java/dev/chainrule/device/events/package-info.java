/**
 * What the runtime tells Java's Flight Recorder, in the category Chainrule: tracing, planning, runs, kernels, copies and device memory.
 * While nobody records, an event costs a look at a flag: {@link dev.chainrule.device.events.Recorder}.
 */
@Stability(Stability.Level.INTERNAL)
package dev.chainrule.device.events;

import dev.chainrule.Stability;
