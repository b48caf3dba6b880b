from common.tracker import Tracker


def main():
    Tracker().track("dispatched")


if __name__ == "__main__":
    main()
