"""Writes all that is generated in README.md, docs/ and results/README.md.

python -m tools.documents
"""

from ali_keras.command_line import program


def main():
    """Writes the tables of all pages, then the figures."""
    from tools.documents import alice_figure
    from tools.documents import pages

    for page in pages.generated_pages():
        pages.write(page)
        print(page)
    alice_figure.draw(alice_figure.read(), alice_figure.PICTURE)
    print(alice_figure.PICTURE)


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
