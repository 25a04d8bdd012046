/**
 * What a device is asked to run, as plain data: instructions over buffers, with all sizes and layouts known.
 */
@Stability(Stability.Level.SPI)
package dev.chainrule.schedule;

import dev.chainrule.Stability;
