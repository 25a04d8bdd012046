/** What a backend implements, which may change in minor versions, and how a program picks a device ({@code Devices}). */
package dev.chainrule.device;
