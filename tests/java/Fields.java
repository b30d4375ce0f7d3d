import java.awt.EventQueue;
import java.awt.FlowLayout;
import java.awt.event.FocusAdapter;
import java.awt.event.FocusEvent;
import java.awt.event.MouseAdapter;
import java.awt.event.MouseEvent;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.swing.JButton;
import javax.swing.JDialog;
import javax.swing.JFrame;
import javax.swing.JPanel;
import javax.swing.JPasswordField;
import javax.swing.JTextField;
import javax.swing.KeyStroke;
import javax.swing.Timer;
import javax.swing.event.DocumentEvent;
import javax.swing.event.DocumentListener;

/**
 * A login form for the tests of typing. It obeys commands from its standard input, one a line, and tells on its
 * standard output, one JSON object a line, what its fields hold and what happened to it.
 *
 * <p>Commands: report; clear; freeze MS (the event thread stands still); late MS (a clicked field takes the focus so
 * much later, once); unselectable (Ctrl+A does nothing); interrupt N (a dialog opens when the user field holds N
 * characters); dialog (opens one); copyable (the password may be copied); move X Y.
 */
public final class Fields {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private static final JTextField USER = new JTextField(12);
    private static final JPasswordField PASSWORD = new JPasswordField(8);
    private static final JFrame FRAME = new JFrame("Fields");
    private static int interruptAt = -1;

    private Fields() {}

    public static void main(String[] arguments) throws Exception {
        EventQueue.invokeAndWait(Fields::show);
        var commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            String[] words = line.split(" ");
            EventQueue.invokeLater(() -> obey(words));
        }
        System.exit(0);
    }

    private static void show() {
        var panel = new JPanel(new FlowLayout());
        panel.add(USER);
        panel.add(PASSWORD);
        panel.add(new JButton("Log In"));
        FRAME.setContentPane(panel);
        FRAME.setDefaultCloseOperation(JFrame.EXIT_ON_CLOSE);
        FRAME.setLocation(60, 50);
        FRAME.pack();
        USER.getDocument().addDocumentListener(new DocumentListener() {
            @Override
            public void insertUpdate(DocumentEvent event) {
                if (USER.getDocument().getLength() == interruptAt) {
                    interruptAt = -1;
                    openDialog();
                }
            }

            @Override
            public void removeUpdate(DocumentEvent event) {}

            @Override
            public void changedUpdate(DocumentEvent event) {}
        });
        USER.addFocusListener(focusTeller("user"));
        PASSWORD.addFocusListener(focusTeller("password"));
        FRAME.setVisible(true);
    }

    private static FocusAdapter focusTeller(String name) {
        return new FocusAdapter() {
            @Override
            public void focusGained(FocusEvent event) {
                tell("{\"focus\":" + quoted(name) + "}");
            }
        };
    }

    private static void obey(String[] words) {
        switch (words[0]) {
            case "report" -> report();
            case "clear" -> {
                USER.setText("");
                PASSWORD.setText("");
                report();
            }
            case "freeze" -> freeze(Long.parseLong(words[1]));
            case "late" -> {
                takeFocusLate(USER, Integer.parseInt(words[1]));
                takeFocusLate(PASSWORD, Integer.parseInt(words[1]));
                report();
            }
            case "unselectable" -> {
                for (JTextField field : new JTextField[] {USER, PASSWORD}) {
                    field.getInputMap().put(KeyStroke.getKeyStroke("ctrl A"), "none");
                }
                report();
            }
            case "interrupt" -> {
                interruptAt = Integer.parseInt(words[1]);
                report();
            }
            case "dialog" -> openDialog();
            case "copyable" -> {
                PASSWORD.putClientProperty("JPasswordField.cutCopyAllowed", Boolean.TRUE);
                report();
            }
            case "move" -> {
                FRAME.setLocation(Integer.parseInt(words[1]), Integer.parseInt(words[2]));
                report();
            }
            default -> throw new IllegalArgumentException(words[0]);
        }
    }

    private static void takeFocusLate(JTextField field, int milliseconds) {
        field.setRequestFocusEnabled(false);
        field.addMouseListener(new MouseAdapter() {
            @Override
            public void mousePressed(MouseEvent event) {
                field.removeMouseListener(this);
                var timer = new Timer(milliseconds, due -> {
                    field.setRequestFocusEnabled(true);
                    field.requestFocusInWindow();
                });
                timer.setRepeats(false);
                timer.start();
            }
        });
    }

    private static void freeze(long milliseconds) {
        tell("{\"frozen\":" + milliseconds + "}");
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** Opens a modal dialog with one button; tells when that is pressed. */
    private static void openDialog() {
        var dialog = new JDialog(FRAME, "Question", true);
        var button = new JButton("Continue");
        button.addActionListener(event -> {
            tell("{\"pressed\":\"Continue\"}");
            dialog.dispose();
        });
        dialog.add(button);
        dialog.getRootPane().setDefaultButton(button);
        dialog.setLocation(300, 200);
        dialog.setSize(200, 120);
        // Not from within the document's change: that holds the document's lock until the dialog closes.
        EventQueue.invokeLater(() -> dialog.setVisible(true));
    }

    private static void report() {
        String form = "{\"user\":" + quoted(USER.getText()) + ",\"password\":"
                + quoted(new String(PASSWORD.getPassword())) + ",\"userAt\":" + middle(USER)
                + ",\"passwordAt\":" + middle(PASSWORD) + "}";
        tell(form);
    }

    /** The middle of a component in its window's coordinates. */
    private static String middle(java.awt.Component component) {
        var corner = javax.swing.SwingUtilities.convertPoint(component, 0, 0, FRAME);
        return Arrays.toString(new int[] {corner.x + component.getWidth() / 2, corner.y + component.getHeight() / 2});
    }

    private static String quoted(String text) {
        var quoted = new StringBuilder("\"");
        text.chars().forEach(unit -> quoted.append(String.format("\\u%04x", unit)));
        return quoted.append('"').toString();
    }

    private static synchronized void tell(String line) {
        OUT.println(line);
    }
}
