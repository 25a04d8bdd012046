/**
 * What a device is asked to run, as plain data: instructions over buffers, with all sizes and layouts known. For backends; it may change in
 * minor versions.
 */
package dev.chainrule.schedule;
