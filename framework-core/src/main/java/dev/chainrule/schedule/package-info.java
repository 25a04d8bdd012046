/** What a device is asked to run, as plain data: instructions over buffers, with all sizes and layouts known. */
package dev.chainrule.schedule;
